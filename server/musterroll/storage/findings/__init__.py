"""SQL of findings: disagreements with evidence, value and decisions."""
