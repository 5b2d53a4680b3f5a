package page

import (
	"context"
	"time"
)

// Places remembers where the person was, newest first. Both calls may touch
// the disk.
type Places interface {
	Recent() []string
	Remember(place string)
}

// Env is what pages need to make commands and other pages.
type Env struct {
	Context  context.Context
	Registry Registry
	Places   Places
	Journal  Journal
	Hosts    func() []string
	Platform string
	Crane    string        // how the shell commands call it
	Recheck  time.Duration // between two looks at the tags on screen
	Now      func() time.Time
}
