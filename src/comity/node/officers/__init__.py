"""Door 1, for people: the officers' pages, forms and templates, in English and Persian.

A request for a page goes: `urls` → `pages` (one module per page) → a template. What pages share lies beside them::

    reading      cases, States and entries, read from the tables; `board` many cases, and what needs somebody
    words        what things are called; `acts` stages, acts and verbs, by how a case can run; `texts` sentences for errors
    fields       the contents of a request, field by field; `variants` how a measure explains its own
    interview    which of them are asked, by the law books; `choosing` what can be asked for at all
    almanac      dates typed and shown, Gregorian and Solar Hijri
    drafting     what is typed into the drafting form, and the request it means; `rows` its repeated rows
    laying       the drafting form as it is shown; `sheet` a request for reading
    lawbooks     the law books for reading
    moves        what this officer may do next, and why not; `following` what usually follows a case
    deadlines    the deadlines of a case, and where each stands
    history      the acts of both sides, in order; `judgement` the findings of a check
    triage       reports of the public: what they and their deeds are called, and what a draft takes from one
    inputs       what the form of each verb asks; `asking` what it offers, `releasing` how material may leave the file

Pages parse and show. Every write goes through `comity.node.desk`; every `ComityError` becomes an answer in `answers`.
"""
