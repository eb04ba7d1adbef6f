"""Language models: n-grams, log-linear, window and recurrent ones, and how well each predicts."""
