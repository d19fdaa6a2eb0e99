"""Reading prompts from files and from Hugging Face datasets."""
