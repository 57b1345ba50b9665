"""The exam: real queues under real faults, watched from outside, and judged by the spec."""
