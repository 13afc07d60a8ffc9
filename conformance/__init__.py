"""Shows that two implementations of k-nearest neighbours agree, on data where implementations differ.

``strategies`` makes the data, ``relations`` says what agreement means, ``checks`` lists the claims.
"""
