"""A hostile peer State as a program: it attacks a node from the outside and says which promises were kept.

It needs no more than peers have: keys that the node has pinned, of two States, and the node's own entry. What the node signs
of an envelope after its receipt is compared with what became of it: for that its inbox is read, where it lies on this machine
(`inbox`).
Only for nodes of exercises, and only by who operates them.
"""
