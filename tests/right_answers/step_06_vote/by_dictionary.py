"""A dictionary, and a sort by most votes first and then by the label."""


def get_vote(labels):
    votes = {}
    for label in labels:
        votes[label] = votes.get(label, 0) + 1
    return sorted(votes.items(), key=lambda item: (-item[1], item[0]))[0][0]
