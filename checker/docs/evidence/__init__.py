"""The pages' blocks of evidence: proofs, failure modes, crashes, isolation, figures."""
