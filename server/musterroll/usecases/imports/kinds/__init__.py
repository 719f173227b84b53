"""What each kind of document means for the roll: which record a row is about, what holds once it is believed, how that is stored."""
