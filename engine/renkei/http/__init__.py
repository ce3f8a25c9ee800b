"""HTTP as connectors use it: limits, retries, caps, deadlines, closed hours; secrets stay secret.

The only package that imports an HTTP library, and it does so with the first request.

    connection.py   one account: address, token, what to keep to
    session.py      the requests a connector makes
    request.py      what is sent            failure.py   what a refusal means
    wire.py         sockets                 deadline.py  a time limit for a whole call
    network.py      proxy and authorities   departure.py why a request never left
    pace.py         request limits          retry.py     trying again
    decode.py       strict JSON             values.py    JSON to values of fields
    secret.py       the token               oauth.py     tokens that are asked for
    lists.py        one record or nobody, and lists in parts
    paging.py       lists page by page      records.py   employees out of records
    whole.py        is a list whole         trace.py     a line for each request
"""
