"""What comes in: ``reference`` and ``accelerated`` read and refuse the same input, with the same messages.

A message names the argument, the place (row and column), the value, and what to do. Nothing is clipped, dropped or
filled in. NumPy alone is needed; tensors and DataFrames are recognised by their methods.

parameters   the arguments of a constructor
matrices     examples as a matrix of numbers
entries      the first entry of a matrix that cannot be used
containers   what holds the numbers: lists, arrays, DataFrames and tensors become an array
objects      examples of any kind, for a function of two examples
targets      the targets y: numbers or labels
callables    the functions of a caller: metrics, similarities and weights
messages     values shortened for a message, the nearest known name, and warnings at the caller's line
"""
