"""A plugin for pytest: botocore takes RPC v2 CBOR where a service has it. By itself it prefers aws-json."""
import botocore.model

CBOR = "smithy-rpc-v2-cbor"
botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (CBOR, *(
    name for name in botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS if name != CBOR))
