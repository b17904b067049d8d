"""The types of STIX 2.1 as data: their properties, what their ids are made from, and the words of their vocabularies.

A property is written ``name:kind``; ``name`` alone is a string; ``!`` after the name: required. Kinds that end in ``s``
are lists with at least one member. ``ref=`` names the types that may be referred to: types, whole categories, or what
may not be (after ``!``). The kinds are in `_checks`.

Source: STIX Version 2.1, OASIS Standard, sections 3 to 7 and 10.
"""

from __future__ import annotations

_OBJECT = """type! spec_version!:version id! created!:dated modified!:dated created_by_ref:ref=identity revoked:bool
    labels:texts confidence:percent lang:language external_references:externals
    object_marking_refs:refs=marking-definition granular_markings:granular extensions:extensions """
_OBSERVABLE = """type! spec_version:version id! object_marking_refs:refs=marking-definition granular_markings:granular
    extensions:extensions defanged:bool """
_MARKING = """type! spec_version!:version id! created!:dated created_by_ref:ref=identity external_references:externals
    object_marking_refs:refs=marking-definition granular_markings:granular extensions:extensions """

DOMAIN = {
    "attack-pattern": "name! description aliases:texts kill_chain_phases:phases",
    "campaign": "name! description aliases:texts first_seen:dated last_seen:dated objective",
    "course-of-action": "name! description",
    "grouping": "name description context!:word=grouping-context object_refs!:refs=*",
    "identity": """name! description roles:texts identity_class:word=identity-class sectors:words=industry-sector
        contact_information""",
    "incident": "name! description kill_chain_phases:phases",
    "indicator": """name description indicator_types:words=indicator-type pattern!
        pattern_type!:word=pattern-type pattern_version valid_from!:time valid_until:time kill_chain_phases:phases""",
    "infrastructure": """name! description infrastructure_types:words=infrastructure-type aliases:texts
        kill_chain_phases:phases first_seen:dated last_seen:dated""",
    "intrusion-set": """name! description aliases:texts first_seen:dated last_seen:dated goals:texts
        resource_level:word=attack-resource-level primary_motivation:word=attack-motivation
        secondary_motivations:words=attack-motivation""",
    "location": """name description latitude:latitude longitude:longitude precision:number region:word=region country
        administrative_area city street_address postal_code""",
    "malware": """name description malware_types:words=malware-type is_family!:bool aliases:texts
        kill_chain_phases:phases first_seen:dated last_seen:dated operating_system_refs:refs=software
        architecture_execution_envs:words=processor-architecture implementation_languages:words=implementation-language
        capabilities:words=malware-capabilities sample_refs:refs=file|artifact""",
    "malware-analysis": """product! version host_vm_ref:ref=software operating_system_ref:ref=software
        installed_software_refs:refs=software configuration_version modules:texts analysis_engine_version
        analysis_definition_version submitted:time analysis_started:time analysis_ended:time result_name
        result:word=malware-result analysis_sco_refs:refs=observable sample_ref:ref=observable""",
    "note": "abstract content! authors:texts object_refs!:refs=*",
    "observed-data": """first_observed!:dated last_observed!:dated number_observed!:observed objects:embedded
        object_refs:refs=observable|relation""",
    "opinion": "explanation authors:texts opinion!:one=opinion object_refs!:refs=*",
    "report": "name! description report_types:words=report-type published!:dated object_refs!:refs=*",
    "threat-actor": """name! description threat_actor_types:words=threat-actor-type aliases:texts first_seen:dated
        last_seen:dated roles:words=threat-actor-role goals:texts sophistication:word=threat-actor-sophistication
        resource_level:word=attack-resource-level primary_motivation:word=attack-motivation
        secondary_motivations:words=attack-motivation personal_motivations:words=attack-motivation""",
    "tool": "name! description tool_types:words=tool-type aliases:texts kill_chain_phases:phases tool_version",
    "vulnerability": "name! description",
}
RELATION = {
    "relationship": """relationship_type! description
        source_ref!:ref=!bundle|language-content|marking-definition|relationship|sighting
        target_ref!:ref=!bundle|language-content|marking-definition|relationship|sighting
        start_time:time stop_time:time""",
    "sighting": """description first_seen:dated last_seen:dated count:seen sighting_of_ref!:ref=domain
        observed_data_refs:refs=observed-data where_sighted_refs:refs=identity|location summary:bool""",
}
OBSERVABLE = {
    "artifact": """mime_type payload_bin:base64 url hashes:hashes encryption_algorithm:one=encryption-algorithm
        decryption_key""",
    "autonomous-system": "number!:count name rir",
    "directory": "path! path_enc ctime:time mtime:time atime:time contains_refs:refs=file|directory",
    "domain-name": "value! resolves_to_refs:refs=ipv4-addr|ipv6-addr|domain-name",
    "email-addr": "value! display_name belongs_to_ref:ref=user-account",
    "email-message": """is_multipart!:bool date:time content_type from_ref:ref=email-addr sender_ref:ref=email-addr
        to_refs:refs=email-addr cc_refs:refs=email-addr bcc_refs:refs=email-addr message_id subject
        received_lines:texts additional_header_fields:dictionary body body_multipart:dictionaries
        raw_email_ref:ref=artifact""",
    "file": """hashes:hashes size:count name name_enc magic_number_hex:hex mime_type ctime:time mtime:time atime:time
        parent_directory_ref:ref=directory contains_refs:refs=observable content_ref:ref=artifact""",
    "ipv4-addr": "value! resolves_to_refs:refs=mac-addr belongs_to_refs:refs=autonomous-system",
    "ipv6-addr": "value! resolves_to_refs:refs=mac-addr belongs_to_refs:refs=autonomous-system",
    "mac-addr": "value!",
    "mutex": "name!",
    "network-traffic": """start:time end:time is_active:bool src_ref:ref=ipv4-addr|ipv6-addr|mac-addr|domain-name
        dst_ref:ref=ipv4-addr|ipv6-addr|mac-addr|domain-name src_port:port dst_port:port protocols!:texts
        src_byte_count:count dst_byte_count:count src_packets:count dst_packets:count ipfix:dictionary
        src_payload_ref:ref=artifact dst_payload_ref:ref=artifact encapsulates_refs:refs=network-traffic
        encapsulated_by_ref:ref=network-traffic""",
    "process": """is_hidden:bool pid:count created_time:time cwd command_line environment_variables:dictionary
        opened_connection_refs:refs=network-traffic creator_user_ref:ref=user-account image_ref:ref=file
        parent_ref:ref=process child_refs:refs=process""",
    "software": "name! cpe swid languages:texts vendor version",
    "url": "value!",
    "user-account": """user_id credential account_login account_type:word=account-type display_name
        is_service_account:bool is_privileged:bool can_escalate_privs:bool is_disabled:bool account_created:time
        account_expires:time credential_last_changed:time account_first_login:time account_last_login:time""",
    "windows-registry-key": """key values:registry modified_time:time creator_user_ref:ref=user-account
        number_of_subkeys:count""",
    "x509-certificate": """is_self_signed:bool hashes:hashes version serial_number signature_algorithm issuer
        validity_not_before:time validity_not_after:time subject subject_public_key_algorithm
        subject_public_key_modulus subject_public_key_exponent:integer x509_v3_extensions:dictionary""",
}
META = {
    "extension-definition": """type! spec_version!:version id! created!:dated modified!:dated
        created_by_ref!:ref=identity revoked:bool labels:texts external_references:externals
        object_marking_refs:refs=marking-definition granular_markings:granular name! description schema! version!
        extension_types!:ones=extension-type extension_properties:texts""",
    "language-content": _OBJECT.replace("lang:language", "")
    + "object_ref!:ref=!bundle|language-content object_modified:time contents!:dictionary",
    "marking-definition": _MARKING + "name definition_type definition:dictionary",
}
PROPERTIES = (
    {name: _OBJECT + own for name, own in (DOMAIN | RELATION).items()}
    | {name: _OBSERVABLE + own for name, own in OBSERVABLE.items()}
    | META
)
CUSTOM, CUSTOM_OBSERVABLE = _OBJECT, _OBSERVABLE  # what an object of a type of somebody's own has at least
CATEGORIES = {"domain": DOMAIN, "relation": RELATION, "observable": OBSERVABLE}

# From what the id of an observable is made (2.9, 6): in this order.
NAMED_BY = {
    "artifact": "hashes payload_bin", "autonomous-system": "number", "directory": "path", "domain-name": "value",
    "email-addr": "value", "email-message": "from_ref subject body",
    "file": "hashes name extensions parent_directory_ref", "ipv4-addr": "value", "ipv6-addr": "value",
    "mac-addr": "value", "mutex": "name",
    "network-traffic": "start end src_ref dst_ref src_port dst_port protocols extensions", "process": "",
    "software": "name cpe swid vendor version", "url": "value", "user-account": "account_type user_id account_login",
    "windows-registry-key": "key values", "x509-certificate": "hashes serial_number",
}  # fmt: skip

# Extensions that STIX 2.1 itself defines (6): the type -> their keys.
PREDEFINED = {
    "file": "archive-ext ntfs-ext pdf-ext raster-image-ext windows-pebinary-ext",
    "network-traffic": "http-request-ext icmp-ext socket-ext tcp-ext",
    "process": "windows-process-ext windows-service-ext", "user-account": "unix-account-ext",
}  # fmt: skip

HASHES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}  # hex digits

# Closed: another word is a fault.
ENUMS = {
    "opinion": "strongly-disagree disagree neutral agree strongly-agree",
    "encryption-algorithm": "AES-256-GCM ChaCha20-Poly1305 mime-type-indicated",
    "extension-type": "new-sdo new-sco new-sro property-extension toplevel-property-extension",
    "registry-type": """REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN
        REG_DWORD_LITTLE_ENDIAN REG_LINK REG_MULTI_SZ REG_RESOURCE_LIST REG_FULL_RESOURCE_DESCRIPTION
        REG_RESOURCE_REQUIREMENTS_LIST REG_QWORD REG_INVALID_TYPE""",
}

# Open: another word is remarked upon (10).
VOCABULARIES = {
    "account-type": "facebook ldap nis openid radius skype tacacs twitter unix windows-local windows-domain",
    "attack-motivation": """accidental coercion dominance ideology notoriety organizational-gain personal-gain
        personal-satisfaction revenge unpredictable""",
    "attack-resource-level": "individual club contest team organization government",
    "grouping-context": "suspicious-activity malware-analysis unspecified",
    "hashing-algorithm": "MD5 SHA-1 SHA-256 SHA-512 SHA3-256 SHA3-512 SSDEEP TLSH",
    "identity-class": "individual group system organization class unknown",
    "implementation-language": """applescript bash c c++ c# go java javascript lua objective-c perl php powershell
        python ruby scala swift typescript visual-basic x86-32 x86-64""",
    "indicator-type": """anomalous-activity anonymization benign compromised malicious-activity attribution
        unknown""",
    "industry-sector": """agriculture aerospace automotive chemical commercial communications construction defense
        education energy entertainment financial-services government emergency-services government-national
        government-regional government-local government-public-services healthcare hospitality-leisure infrastructure
        dams nuclear water insurance manufacturing mining non-profit pharmaceuticals retail technology
        telecommunications transportation utilities""",
    "infrastructure-type": """amplification anonymization botnet command-and-control control-system exfiltration
        firewall hosting-malware hosting-target-lists phishing reconnaissance routers-switches staging workstation
        unknown""",
    "malware-capabilities": """accesses-remote-machines anti-debugging anti-disassembly anti-emulation
        anti-memory-forensics anti-sandbox anti-vm captures-input-peripherals captures-output-peripherals
        captures-system-state-data cleans-traces-of-infection commits-fraud communicates-with-c2
        compromises-data-availability compromises-data-integrity compromises-system-availability
        controls-local-machine degrades-security-software degrades-system-updates determines-c2-server emails-spam
        escalates-privileges evades-av exfiltrates-data fingerprints-host hides-artifacts hides-executing-code
        infects-files infects-remote-machines installs-other-components persists-after-system-reboot
        prevents-artifact-access prevents-artifact-deletion probes-network-environment self-modifies
        steals-authentication-credentials violates-system-operational-integrity""",
    "malware-result": "malicious suspicious benign unknown",
    "malware-type": """adware backdoor bot bootkit ddos downloader dropper exploit-kit keylogger ransomware
        remote-access-trojan resource-exploitation rogue-security-software rootkit screen-capture spyware trojan
        unknown virus webshell wiper worm""",
    "pattern-type": "stix pcre sigma snort suricata yara",
    "processor-architecture": "alpha arm ia-64 mips powerpc sparc x86 x86-64",
    "region": """africa eastern-africa middle-africa northern-africa southern-africa western-africa americas
        latin-america-caribbean south-america caribbean central-america northern-america asia central-asia
        eastern-asia southern-asia south-eastern-asia western-asia europe eastern-europe northern-europe
        southern-europe western-europe oceania antarctica australia-new-zealand melanesia micronesia polynesia""",
    "report-type": """attack-pattern campaign identity indicator intrusion-set malware observed-data threat-actor
        threat-report tool vulnerability""",
    "threat-actor-role": """agent director independent infrastructure-architect infrastructure-operator
        malware-author sponsor""",
    "threat-actor-sophistication": "none minimal intermediate advanced expert innovator strategic",
    "threat-actor-type": """activist competitor crime-syndicate criminal hacker insider-accidental
        insider-disgruntled nation-state sensationalist spy terrorist unknown""",
    "tool-type": """denial-of-service exploitation information-gathering network-capture credential-exploitation
        remote-access vulnerability-scanning unknown""",
}
