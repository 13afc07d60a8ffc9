"""The input of ``reference`` and ``accelerated``, read and refused by this code, and so with the same messages.

A message names the argument and the value; where there is one, the row and the column; and how to mend it, where that
is not obvious. Nothing is clipped, dropped or filled in. NumPy alone is needed: tensors and DataFrames are recognised
by their methods.

parameters        the arguments of a constructor
metrics           the argument metric and its parameters, given or learned
containers        lists, arrays, DataFrames and tensors become an array
tensors           tensors of torch
matrices          examples as a matrix of numbers
sparse            sparse matrices, and DataFrames of sparse columns
entries           the first entry of a matrix that cannot be used
feature_names     the names of a DataFrame's columns
places            the place of an entry in words
folds             the argument cv
ids               the argument ids
paths             the argument path
objects           examples of any kind, for a function of two examples
targets           the targets y: numbers or labels
sample_weight     the argument sample_weight
class_weight      the argument class_weight
similarity_hints  a gamma and targets that lead to poor predictions
callables         metrics, similarities, weights and averages that are functions
messages          values shortened for a message, the nearest known name, and warnings at the caller's line
"""
