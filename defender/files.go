package defender

// File is a file seen on devices. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/files.
type File struct {
	Record              `json:"-"`
	SHA1                string `json:"sha1"`
	SHA256              string `json:"sha256"`
	MD5                 string `json:"md5"` // not on the page, but sent
	GlobalPrevalence    int64  `json:"globalPrevalence"`
	GlobalFirstObserved Time   `json:"globalFirstObserved"`
	GlobalLastObserved  Time   `json:"globalLastObserved"`
	Size                int64  `json:"size"` // bytes
	FileType            string `json:"fileType"`
	IsPEFile            bool   `json:"isPeFile"`
	FilePublisher       string `json:"filePublisher"`
	FileProductName     string `json:"fileProductName"`
	Signer              string `json:"signer"`
	Issuer              string `json:"issuer"`
	SignerHash          string `json:"signerHash"`
	IsValidCertificate  bool   `json:"isValidCertificate"` // null for an unsigned file
	DeterminationType   string `json:"determinationType"`
	DeterminationValue  string `json:"determinationValue"`
}
