"""Lower bounds on distances from products of matrices, each with its derivation.

protocol       how a bound encodes rows and queries, the rows that are never excluded, and what a new bound must satisfy
squared        bounds on squared distances, in floating point
prefix         the same for rows that are shortened to a few directions
rounded        bounds on squared distances of any numbers, rounded to 7 and 8 bits: products of bytes are exact
whole_numbers  the same for small whole numbers, in exact 8-bit integers
cells          one bound for all rows of a cluster, from the distance of its centre
manhattan      bounds on Manhattan distances, in exact 8-bit integers
lines          the same in floating point
hamming        the number of features that differ, counted exactly
jaccard        numbers that rise with the Jaccard distance, from exact sizes of intersections

and what they share:

frame          the shift and the scale that keep the terms of a bound small
multiply       the product of encoded rows and queries
byte_products  the same for rows of 7 bits and queries of 8, by a function of oneDNN
sampled        how many pairs a bound leaves to be measured, as a sample of the rows predicts
intervals      the intervals of a feature, for bounds on Manhattan distances
counts         whole numbers that a product in float32 holds exactly, and a test of it
accumulation   the error limit of a product on each kind of device, and a test of whether a device keeps to it
"""
