"""What tasks hand each other: the job, and small frozen results; never a frame.

Keys travel between tasks, frames travel through the lake. No work is done here.
"""
