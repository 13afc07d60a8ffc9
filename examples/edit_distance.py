"""Corrects misspelt words by the nearest word of a dictionary: neighbours need a distance, not coordinates.

The edit distance (Levenshtein, 1966) is the number of letters to insert, delete or replace to turn one word into
another. The metric may be any function of two examples, so the examples here are plain strings.
"""

from reference import KNNClassifier

DICTIONARY = """accommodate accomplish address adverse behave believe beyond calendar cylinder definite definitely
environment government necessary necessity neighbour occur occurred receipt receive recipe relieve separate several
temperate tomorrow towards until unless weather weird wired"""
MISSPELT = {
    "acommodate": "accommodate",
    "adress": "address",
    "beleive": "believe",
    "definately": "definitely",
    "enviroment": "environment",
    "neccessary": "necessary",
    "nieghbour": "neighbour",
    "occured": "occurred",
    "seperate": "separate",
    "tommorow": "tomorrow",
}


def edit_distance(a, b):
    """Fills a table whose row i holds the distances from the first i letters of a to every prefix of b."""
    row = list(range(len(b) + 1))  # from the empty word: insert every letter
    for i, letter in enumerate(a, start=1):
        above, row = row, [i]
        for j, other in enumerate(b, start=1):
            delete, insert, replace = above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other)
            row.append(min(delete, insert, replace))
    return row[-1]


def main():
    assert edit_distance("kitten", "sitting") == 3  # k -> s, e -> i, and a g
    words = DICTIONARY.split()
    model = KNNClassifier(n_neighbors=1, metric=edit_distance).fit(words, words)  # a word is its own label
    corrected = model.predict(list(MISSPELT))
    for word, correction in zip(MISSPELT, corrected, strict=True):
        edits = model.get_neighbors(word)[0][1]
        print(f"{word:11} -> {correction:11}  {edits:.0f} edit{'s' * (edits > 1)}")
        assert edits == edit_distance(word, correction) <= 2

    distances, indices = model.kneighbors(["wierd"], n_neighbors=2)
    nearest = [words[i] for i in indices[0]]
    print(f"\nwierd is {distances[0, 0]:.0f} edits from {nearest[0]} and {distances[0, 1]:.0f} from {nearest[1]}")

    assert corrected.tolist() == list(MISSPELT.values())
    assert model.predict(words).tolist() == words  # a correct word does not change
    assert nearest == ["weird", "wired"] and distances.tolist() == [[2, 2]]  # a tie: the earlier word comes first


if __name__ == "__main__":
    main()
