package server

import "time"

// SetPace lets tests wait for less.
func (s *Server) SetPace(beat, write time.Duration) { s.pace = livePace{beat, write} }

// SetHuntLease lets tests wait for less.
func (s *Server) SetHuntLease(d time.Duration) { s.hunting.lease = d }
