"""Door 1, for people: the officers' pages, forms and templates, in English and Persian.

A request for a page goes: `urls` → `pages` (one module per page) → a template. What pages share lies beside them::

    reading      cases, States and entries, read from the tables
    words        what things are called; `fields` the contents of a request, `texts` sentences for errors
    almanac      dates typed and shown, Gregorian and Solar Hijri
    drafting     the drafting form and what is typed into it
    moves        what this officer may do next, and why not
    history      the acts of both sides, in order; `judgement` the findings of a check
    asking       the questions, conditions and grounds that a decision form offers

Pages parse and show. Every write goes through `comity.node.desk`; every `ComityError` becomes an answer in `answers`.
"""
