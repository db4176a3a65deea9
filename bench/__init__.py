"""Measurements, each as a ratio or a time within one run. Nothing here is asserted: machines are noisy."""
