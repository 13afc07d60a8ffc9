"""Lower bounds on distances from products of matrices, each with its derivation.

protocol       how a bound encodes rows and queries, and the rows that are never excluded
frame          the shift and the scale that keep the terms of a bound small
squared        bounds on squared distances, in floating point
whole_numbers  the same for small whole numbers, in exact 8-bit integers
manhattan      bounds on Manhattan distances, in exact 8-bit integers
multiply       the product of encoded rows and queries
accumulation   the rounding error of a product on each kind of device, and a test of whether a device keeps to it
"""
