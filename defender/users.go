package defender

// User is an account seen on devices. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/user.
type User struct {
	Record                 `json:"-"`
	ID                     string `json:"id"` // domain\name
	AccountName            string `json:"accountName"`
	AccountDomain          string `json:"accountDomain"`
	AccountSID             string `json:"accountSid"`
	FirstSeen              Time   `json:"firstSeen"`
	LastSeen               Time   `json:"lastSeen"`
	MostPrevalentMachineID string `json:"mostPrevalentMachineId"`
	// LeastPrevalentMachineID is the device on which the account is rarest.
	LeastPrevalentMachineID string `json:"leastPrevalentMachineId"`
	LogonTypes              string `json:"logonTypes"` // for example "Interactive, Network"
	LogOnMachinesCount      int64  `json:"logOnMachinesCount"`
	IsDomainAdmin           bool   `json:"isDomainAdmin"`
	IsOnlyNetworkUser       bool   `json:"isOnlyNetworkUser"`
}
