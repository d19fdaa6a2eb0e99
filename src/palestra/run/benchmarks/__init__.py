"""Known benchmarks by name: prompts, baseline, judge and metric wired as their authors do."""
