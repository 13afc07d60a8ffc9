"""The course: questions and exercises for learners of nearest neighbours."""
