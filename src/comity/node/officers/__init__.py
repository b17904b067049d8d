"""Door 1, for people: the officers' pages, forms and templates, in English and Persian.

A request for a page goes: `urls` → `pages` (one module per page) → a template. What pages share lies beside them::

    reading      cases, States and entries, read from the tables
    words        what things are called; `texts` sentences for errors
    fields       the contents of a request, field by field; `variants` their names where a measure has its own
    interview    which of them are asked, by the law books; `choosing` what can be asked for at all
    almanac      dates typed and shown, Gregorian and Solar Hijri
    drafting     what is typed into the drafting form, and the request it means; `rows` its repeated rows
    laying       the drafting form as it is shown; `sheet` a request for reading
    lawbooks     the law books for reading
    moves        what this officer may do next, and why not
    history      the acts of both sides, in order; `judgement` the findings of a check
    asking       the questions, conditions and grounds that a decision form offers

Pages parse and show. Every write goes through `comity.node.desk`; every `ComityError` becomes an answer in `answers`.
"""
