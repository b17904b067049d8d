"""What a letter is made of: characters that can be drawn, parts in several languages, the particulars of a request.

`comity.node.letter` puts them together; ``letter.typ`` is the layout.
"""
