"""What happens by the clock, one file a matter. The scheduler asks each in turn; none knows the others."""
