"""Lower bounds on distances from products of matrices, each with its derivation.

protocol       how a bound encodes rows and queries, the rows that are never excluded, and what a new bound must satisfy
squared        bounds on squared distances, in floating point
whole_numbers  the same for small whole numbers, in exact 8-bit integers
manhattan      bounds on Manhattan distances, in exact 8-bit integers

and what they share:

frame          the shift and the scale that keep the terms of a bound small
multiply       the product of encoded rows and queries
accumulation   the error limit of a product on each kind of device, and a test of whether a device keeps to it
"""
