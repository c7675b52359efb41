package rest

// PageRead is one page of a list that was read to its natural end, after all its
// items were handed out.
type PageRead struct {
	Number int   // from 1
	Rows   int   // items of this page
	Calls  int64 // requests that left for it, tries again included
	// Next is where the list goes on, to be given back as From; empty behind the
	// last page. It holds no secret, and works as long as Microsoft's cursor does.
	Next string
}
