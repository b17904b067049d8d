"""Who can help whom: technical assistance and capacity-building, Articles 54 to 56. Pure; a person decides.

``needs``       what a State needs and what another offers, and the life of each; whom it is released to
``programme``   what two States agree on: milestones, amendments, an early end, evaluation
``outcomes``    what stands of it, also when it ends in the middle, and what is counted
``conditions``  why an offer cannot meet a need: each obstacle by name, with its numbers
``scoring``     how good a pair is: points as data, each with its reason
``match``       the assignment over all open needs and offers, its proof, and what searching by hand finds
``explain``     why two were matched or not, in codes and numbers, for one reader
``questions``   what a self-assessment asks, article by article
``assess``      the answers that are known already, the gaps with their evidence, and needs drafted from them

The room speaks in codes, so that it has no language. Nothing here reads a law book, a table or the clock: the office hands
in what it knows. No need of another State comes in that it has not released, and nothing that comes out binds anybody.
"""
