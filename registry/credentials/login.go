package credentials

// Login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type Login struct {
	Username, Password string
	RefreshToken       string
	BearerToken        string
	Source             string // the file or helper it comes from
}
