"""Door 4, for anybody: reports of crime, also anonymous ones, and bulletins (Article 53). Plain pages, for old telephones too.

``urls``    the addresses; a page's first part is its language, so that nothing is kept in a browser: no cookie, no script
``door``    what holds for every page: limits before reading, where a request came from, headers, the page's language
``views``   the pages of reports
``news``    bulletins: pages, Atom, JSON
``files``   files as they come in: encrypted before they touch the disk
``quiet``   what is left of a request in the log
``words``   what things are called, and a sentence for each error

Where a request came from is looked at in memory, for the limits, and written down nowhere.
"""
