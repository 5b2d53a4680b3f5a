//go:build !unix

package ui

import tea "charm.land/bubbletea/v2"

// suspend does nothing: this system has no job control.
func suspend() tea.Cmd { return nil }
