"""What a run is: its steps and states, told as a story, kept as a trace, judged; and what is
remembered.
"""
