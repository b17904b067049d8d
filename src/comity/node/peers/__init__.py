"""Door 2, for nodes: messages in, receipts and evidence out, this node as a witness."""
