"""Stand-ins for what lies outside: name servers, the mail systems of staff, the next hop. Never for our own code."""
