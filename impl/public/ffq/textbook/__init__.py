"""Specs of the textbooks, to read beside one's own: each is checked against published counts.

ffq check --spec ffq.textbook.peterson:peterson --no-symmetry
"""
