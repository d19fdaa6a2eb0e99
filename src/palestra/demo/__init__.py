"""The sample arena: prompts and answers written for it, with no model behind them."""
