"""What is done in a process of its own: how it is made ready, asked, and ended.

Keras is loaded once, by a process that never uses it; whoever trains is a fork of that one. What is asked of such a
process stands in the steps; when one is started, the flows say.
"""
