"""How a model is asked: stages after ReachQA and CoSyn, an endpoint, prompts, and a journal of all that was said."""
