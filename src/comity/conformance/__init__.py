"""A hostile peer State as a program: it attacks a node from the outside and says which promises were kept.

It needs no more than a peer has: keys that the node has pinned, and the node's own entry. What becomes of an envelope after
its receipt is told to no peer; for that the node's inbox is read, where it lies on this machine (`inbox`).
Only for nodes of exercises, and only by who operates them.
"""
