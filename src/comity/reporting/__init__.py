"""What can be counted, and how it is told without telling too much. Pure: values in, values out.

``axes``            what a figure is about: its nine coordinates, and which coordinate is part of which
``tally``           from the acts of cases to facts, and from facts to figures; each figure can be traced to its acts
``tables``          which tables the public gets, and what everybody knows to hold between their figures
``suppression``     small figures hidden, and as many others as it takes that none can be worked out
``release``         the figures that a State publishes, as one value that is signed
``reconciliation``  what one State says of a pair against what the other says, act by act
``sdmx``            SDMX-CSV 2.0, out and in
``questionnaire``   the questions of a review, filled in as far as they can be

What there is not: no keys (the caller signs), no clock, no estimate. The acts of cases are the only source of what is
counted of cases.
"""
