"""Charts that a language model writes, with answers that stay verifiable: pipelines, proofs, and what comes out."""
