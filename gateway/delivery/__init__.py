"""How an alert's delivery is shown: as facts under the rule of 5.6, as a picture in a terminal, as a sheet to file."""
