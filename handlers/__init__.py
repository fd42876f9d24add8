"""The decisions: pure functions over frozen values. Of the other rooms, only storage.records is known here."""
