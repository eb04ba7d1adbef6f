"""From words to what a model reads: the vocabulary, encoding, and batches of ids."""
