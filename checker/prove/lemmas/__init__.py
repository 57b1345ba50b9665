"""Lemmas that would help a proof: mined from states, sifted, proposed."""
