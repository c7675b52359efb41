package ocsf
