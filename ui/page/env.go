package page

import (
	"context"
	"time"
)

// Places stores the places that the user visited, newest first. Both methods may access
// the disk.
type Places interface {
	Recent() []string
	Remember(place string)
}

// Env holds what pages need to create commands and other pages.
type Env struct {
	Context  context.Context
	Registry Registry
	Places   Places
	Journal  Journal
	Hosts    func() []string
	Platform string
	Crane    string        // the crane command of shell commands, with its flags
	Recheck  time.Duration // interval between checks of the tags on screen
	Now      func() time.Time
}
