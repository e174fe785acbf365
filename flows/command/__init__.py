"""The command line: each command, what it prints, and the terminal that it prints to.

What a command does lies in the flows and in the tasks; here is only what is asked and what is shown.
"""
